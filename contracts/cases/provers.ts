import type { Prover } from '../judge.ts'
import { answers } from './answers.ts'
import { bodies } from './bodies.ts'
import { boundaries } from './boundaries.ts'
import { credentials } from './credentials.ts'
import { documents } from './documents.ts'
import { errors } from './errors.ts'
import { exposure } from './exposure.ts'
import { properties } from './properties.ts'
import { requests } from './requests.ts'
import { state } from './state.ts'

/** The prover of each requirement, by its id. */
export const provers: Readonly<Record<string, Prover>> = {
  ...exposure,
  ...documents,
  ...boundaries,
  ...bodies,
  ...properties,
  ...credentials,
  ...requests,
  ...answers,
  ...errors,
  ...state,
}
