import type { OpenApiDocument } from '../../src/document/document.ts'
import { eras } from '../mcp-door.ts'
import type { Requirements } from '../requirements.ts'
import { type AnswerMutant, listAnswerMutants } from './answer-mutants.ts'
import { listBehaviourMutants } from './behaviour-mutants.ts'
import { type DocumentMutant, listDocumentMutants } from './document-mutants.ts'
import type { Interference, WireRequest } from './hop.ts'
import type { Mutant, Verdict } from './mutant.ts'
import { openStage, type StageOptions } from './stage.ts'
import { judgeMutant } from './trial.ts'

/** What the mutants are made from, and what judges them. */
export interface Material {
  readonly document: OpenApiDocument
  readonly requirements: Requirements
  /** URL of a mock that answers what a `Prefer` header asks for. */
  readonly mock: string
  /** The mutants to judge, of all those there are. */
  readonly select: (mutant: Mutant, index: number) => boolean
}

/** Judges the mutants of one class, one after the other. */
export type ClassRun = (material: Material) => AsyncGenerator<Verdict>

/** How the mutants of each class come about. */
export const classRuns: Readonly<Record<Mutant['class'], ClassRun>> = {
  async *answers({ document, requirements, mock, select }) {
    await using stage = await openStage({ mock, places: ['mock'] })
    for (const mutant of listAnswerMutants(document).filter(select)) {
      stage.hops.get('mock')?.interfere(spoilAnswer(mutant))
      yield { mutant, finding: await judgeMutant(mutant, stage.target, requirements) }
    }
  },

  async *document({ document, requirements, mock, select }) {
    for (const mutant of listDocumentMutants(document).filter(select))
      yield { mutant, finding: await judgeDocument(mutant, requirements, mock) }
  },

  async *behaviour({ requirements, mock, select }) {
    await using stage = await openStage({ mock, places: ['upstream', 'rest', 'mcp'] })
    for (const mutant of listBehaviourMutants(requirements.operations).filter(select)) {
      for (const hop of stage.hops.values()) hop.interfere({})
      stage.hops.get(mutant.place)?.interfere(mutant.interference)
      yield { mutant, finding: await judgeMutant(mutant, stage.target, requirements) }
    }
  },
}

/** Only the answer that the mutant is about is spoiled; the others stay what they are. */
function spoilAnswer({ operations, status, example, spoil }: AnswerMutant): Interference {
  const [method, path = ''] = operations[0]?.split(' ') ?? []
  const pattern = new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
  const asksFor = ({ headers }: WireRequest) =>
    headers.prefer === undefined
      ? status < 300
      : new RegExp(`code=${status}\\b.*\\b${example}$`).test(headers.prefer)
  return {
    onAnswer: (answer, request) =>
      request.method === method && pattern.test(request.url.split('?')[0] ?? '') && asksFor(request)
        ? spoil(answer)
        : answer,
  }
}

/**
 * A document that no gateway starts with is caught: nobody could serve it by mistake. Clients of MCP, which take
 * longer to connect than most mutants live, come in only when REST has noticed nothing.
 */
async function judgeDocument(
  mutant: DocumentMutant,
  requirements: Requirements,
  mock: string,
): Promise<string | undefined> {
  const judgeThrough = async (speak: NonNullable<StageOptions['speak']>) => {
    const options = { mock, document: mutant.document, speak }
    const stage = await openStage(options).catch((error: unknown) => `it does not start: ${error}`)
    if (typeof stage === 'string') return stage
    await using opened = stage
    return await judgeMutant(mutant, opened.target, requirements)
  }
  return (await judgeThrough([])) ?? (await judgeThrough(eras))
}
