import { eras } from '../mcp-client.ts'
import type { Requirements } from '../requirements.ts'
import { isAt, listBehaviourMutants } from './behaviour-mutants.ts'
import { type DocumentMutant, listDocumentMutants } from './document-mutants.ts'
import { gatewayGroups } from './gateway-changes.ts'
import type { Material } from './material.ts'
import { meaningGroups } from './meaning-changes.ts'
import { testGateway, testMeaning } from './meaning-run.ts'
import type { formClasses, Mutant, MutantResult } from './mutant.ts'
import { testMutant } from './mutant-runner.ts'
import type { Interference, WireRequest } from './mutating-proxy.ts'
import { listResponseMutants, type ResponseMutant } from './response-mutants.ts'
import { type EnvironmentOptions, openTestEnvironment } from './test-environment.ts'

/** Tests the mutants of one class, one after the other. */
export type ClassRun = (material: Material) => AsyncGenerator<MutantResult>

/** Tests the mutants of a class. */
export function runClass(name: Mutant['class'], material: Material): AsyncGenerator<MutantResult> {
  if (isOneOf(meaningGroups, name)) return testMeaning(name, material)
  if (isOneOf(gatewayGroups, name)) return testGateway(name, material)
  return formRuns[name](material)
}

/** How the mutants come about that change schemas, members and messages. */
const formRuns: Readonly<Record<(typeof formClasses)[number], ClassRun>> = {
  async *responses({ document, requirements, mock, select }) {
    await using environment = await openTestEnvironment({ mock, places: ['mock'] })
    for (const mutant of listResponseMutants(document).filter(select)) {
      environment.proxies.get('mock')?.interfere(spoilResponse(mutant))
      yield { mutant, finding: await testMutant(mutant, environment.target, requirements) }
    }
  },

  async *document({ document, requirements, mock, select }) {
    for (const mutant of listDocumentMutants(document).filter(select))
      yield { mutant, finding: await testDocument(mutant, requirements, mock) }
  },

  async *behaviour({ requirements, mock, select }) {
    await using environment = await openTestEnvironment({ mock, places: ['upstream', 'rest', 'mcp'] })
    for (const mutant of listBehaviourMutants(requirements.operations).filter(select)) {
      for (const proxy of environment.proxies.values()) proxy.interfere({})
      environment.proxies.get(mutant.place)?.interfere(mutant.interference)
      yield { mutant, finding: await testMutant(mutant, environment.target, requirements) }
    }
  },
}

/** Only the response that the mutant is about is spoiled; the others stay what they are. */
function spoilResponse({ operations, status, example, spoil }: ResponseMutant): Interference {
  const [method, path = ''] = operations[0]?.split(' ') ?? []
  const asksFor = ({ headers }: WireRequest) =>
    headers.prefer === undefined
      ? status < 300
      : new RegExp(`code=${status}\\b.*\\b${example}$`).test(headers.prefer)
  return {
    onResponse: (response, request) =>
      request.method === method && isAt(request, path) && asksFor(request) ? spoil(response) : response,
  }
}

/**
 * A document that no gateway starts with is caught: nobody could serve it by mistake. Clients of MCP, which take
 * longer to connect than most mutants live, come in only when REST has noticed nothing.
 */
async function testDocument(
  mutant: DocumentMutant,
  requirements: Requirements,
  mock: string,
): Promise<string | undefined> {
  const testThrough = async (speak: NonNullable<EnvironmentOptions['speak']>) => {
    const options = { mock, document: mutant.document, speak }
    const environment = await openTestEnvironment(options).catch(
      (error: unknown) => `it does not start: ${error}`,
    )
    if (typeof environment === 'string') return environment
    await using opened = environment
    return await testMutant(mutant, opened.target, requirements)
  }
  return (await testThrough([])) ?? (await testThrough(eras))
}

function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return names.some((one) => one === name)
}
