import type { OpenApiDocument } from '../../src/document/document.ts'
import type { Requirements } from '../requirements.ts'
import type { Mutant } from './mutant.ts'

/** What the mutants are made from, and what tests them. */
export interface Material {
  readonly document: OpenApiDocument
  readonly requirements: Requirements
  /** URL of a mock that responds as a `Prefer` header asks for. */
  readonly mock: string
  /** The mutants to test, of all those there are. */
  readonly select: (mutant: Mutant, index: number) => boolean
}
