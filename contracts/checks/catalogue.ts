import type { Check } from '../context.ts'
import { bodies } from './bodies.ts'
import { boundaries } from './boundaries.ts'
import { credentials } from './credentials.ts'
import { documents } from './documents.ts'
import { errors } from './errors.ts'
import { exposure } from './exposure.ts'
import { problems } from './problems.ts'
import { properties } from './properties.ts'
import { recorded } from './recorded.ts'
import { requests } from './requests.ts'
import { responses } from './responses.ts'
import { state } from './state.ts'
import { tenants } from './tenants.ts'
import { tokens } from './tokens.ts'
import { told } from './told.ts'
import { upstream } from './upstream.ts'

/** The check of each requirement, by its id. */
export const checks: Readonly<Record<string, Check>> = {
  ...exposure,
  ...documents,
  ...boundaries,
  ...bodies,
  ...properties,
  ...credentials,
  ...requests,
  ...responses,
  ...errors,
  ...state,
  ...tokens,
  ...tenants,
  ...told,
  ...problems,
  ...upstream,
  ...recorded,
}
