import { expect, test } from 'vitest'
import { applyOverlay } from '../../../src/description/overlay/overlay.ts'

const base = {
  info: { title: 'Gists' },
  paths: { '/gists': { get: { parameters: [{ name: 'page' }, { name: 'limit' }] } } },
}
const head = 'overlay: 1.0.0\ninfo: { title: Gists, version: 1.0.0 }\nactions:\n'

/** The problems of an overlay with these actions, the first of which is on line 4, as `line: message; expected`. */
function problemsOf(actions: string, before = head): string[] {
  return applyOverlay(before + actions, 'overlay.yaml', [base]).problems.map(
    ({ file, line, message, expected, severity }) => `${file}:${line}: ${severity}: ${message}; ${expected}`,
  )
}

test.each([
  ['a map', '- { target: $.info, update: { version: 1 } }'],
  [
    'elements of a list by what they hold',
    `- { target: "$..parameters[?(@.name == 'page')]", update: { in: query } }`,
  ],
  [
    'what an earlier action adds',
    '- { target: $.info, update: { contact: {} } }\n- { target: $.info.contact, update: { name: A } }',
  ],
  [
    'an element that an earlier action appends',
    '- { target: $..parameters, update: [{ name: sort }] }\n- { target: "$..parameters[2]", remove: true }',
  ],
  [
    'an element that moved up when an earlier action took out the one before',
    `- { target: "$..parameters[0]", remove: true }\n- { target: "$..parameters[0]", update: { in: query } }\n- { target: "$..parameters[?(@.in == 'query' && @.name == 'limit')]", remove: true }`,
  ],
  [
    'a map that an earlier action puts in place of a plain value',
    '- { target: $, update: { info: { title: { text: Gists } } } }\n- { target: $.info.title, update: { size: 5 } }',
  ],
])('a target that matches %s is fine', (_title, actions) => {
  expect(problemsOf(actions)).toEqual([])
})

test.each([
  [
    'nothing',
    '- { target: $.infos, update: {} }',
    '4: error: the target $.infos matches nothing; a target that exists in the document',
  ],
  [
    'what an earlier action removes',
    '- { target: $.info, remove: true }\n- { target: $.info, update: {} }',
    '5: error: the target $.info matches nothing; a target that exists in the document',
  ],
  [
    'a member of what an earlier action made a plain value',
    '- { target: $, update: { info: none } }\n- { target: $.info.title, remove: true }',
    '5: error: the target $.info.title matches nothing; a target that exists in the document',
  ],
  [
    'what only a later action adds',
    '- { target: $.info.contact, update: {} }\n- { target: $.info, update: { contact: {} } }',
    '4: error: the target $.info.contact matches nothing; a target that exists in the document',
  ],
  [
    'both of two elements that are removed at once',
    '- { target: "$..parameters[*]", remove: true }\n- { target: "$..parameters[*]", update: {} }',
    '5: error: the target $..parameters[*] matches nothing; a target that exists in the document',
  ],
  [
    'a plain value',
    '- { target: $.info.title, update: {} }',
    '4: error: the target $.info.title is a plain value; a map or a list',
  ],
  [
    'a map, for a list',
    '- { target: $.info, update: [a] }',
    '4: error: the update of $.info has a list for a map; a map',
  ],
  [
    'a map, for a plain value',
    '- { target: $.info, update: a }',
    '4: error: the update of $.info has a plain value for a map; a map',
  ],
  [
    'a map with a map, for a list',
    '- { target: $, update: { info: [a] } }',
    '4: error: the update of $ has a list for the map info; a map',
  ],
  [
    'a map, for the copy of a list',
    '- { target: $.info, copy: "$.paths[*].get.parameters" }',
    '4: error: the copy of $.info has a list for a map; a map',
  ],
  [
    'what is no JSONPath',
    '- { target: "$.info[?(", update: {} }',
    '4: error: the target $.info[?( cannot be read; a JSONPath expression',
  ],
])('a target that matches %s is a problem with its line', (_title, actions, problem) => {
  expect(problemsOf(actions)).toEqual([`overlay.yaml:${problem}`])
})

test('an action that does nothing is a problem, and every problem is reported', () => {
  expect(problemsOf('- { target: $.info }\n- { target: $.gone, remove: true }')).toEqual([
    'overlay.yaml:4: error: the action on $.info does nothing; update, copy, or remove: true',
    'overlay.yaml:5: error: the target $.gone matches nothing; a target that exists in the document',
  ])
})

test.each([
  ['an empty file', '', '1: error: the file is null; a map'],
  ['no YAML', 'overlay: [1.0.0', '1: error: Flow sequence in block collection must be'],
  [
    'an alias without an anchor',
    `${head}- { target: $.info, update: *gone }`,
    '4: error: the alias *gone has no anchor',
  ],
  [
    'no version',
    'info: { title: A, version: B }\nactions: [{ target: $, update: {} }]',
    '1: error: the key "overlay" is missing',
  ],
  [
    'another version',
    head.replace('1.0.0', '2.0.0').concat('- { target: $, update: {} }'),
    '1: error: overlay is "2.0.0"; a text that matches',
  ],
  [
    'no actions',
    'overlay: 1.0.0\ninfo: { title: A, version: B }\n',
    '1: error: the key "actions" is missing',
  ],
  [
    'an empty list of actions',
    `${head.trimEnd()} []`,
    '3: error: actions is an empty list; a list that is not empty',
  ],
  ['an action that is none', `${head}-\n`, '4: error: actions.0 is null; a map'],
  ['an action without a target', `${head}- update: {}`, '4: error: the key "target" is missing'],
  [
    'a target that is no text',
    `${head}- { target: 5, update: {} }`,
    '4: error: actions.0.target is 5; a text',
  ],
  [
    'a target from nowhere',
    `${head}- { target: info, update: {} }`,
    '4: error: actions.0.target is "info"; a text that matches',
  ],
])('an overlay with %s is malformed', (_title, text, problem) => {
  expect(problemsOf('', text)[0]).toContain(`overlay.yaml:${problem}`)
})

/** What the overlay makes of one document. */
function apply(actions: string, document: object): unknown {
  const { documents, problems } = applyOverlay(head + actions, 'overlay.yaml', [document])
  expect(problems).toEqual([])
  return documents[0]
}

test('maps are merged, lists appended to, plain values replaced, and the document given is left alone', () => {
  const document = { a: { b: 1, c: { d: 1 } }, list: [1], text: 'x' }
  const actions = [
    '- { target: $.a, update: { b: 2, c: { e: 3 } } }',
    '- { target: $.list, update: 2 }',
    '- { target: $.list, update: [3, 4] }',
    '- { target: $.text, update: y }',
  ].join('\n')
  expect(apply(actions, document)).toEqual({ a: { b: 2, c: { d: 1, e: 3 } }, list: [1, 2, 3, 4], text: 'y' })
  expect(document.text).toBe('x')
})

test.each([
  ['indexes in another order', '$.l[1,0]', ['c', 'd']],
  ['an index twice', '$.l[0,0,-4]', ['b', 'c', 'd']],
  ['a slice from the end', '$.l[::-1]', []],
  ['filters in another order', "$.l[?@ == 'c', ?@ == 'a']", ['b', 'd']],
])('takes out of a list what %s select, and nothing else', (_title, target, l) => {
  expect(apply(`- { target: "${target}", remove: true }`, { l: ['a', 'b', 'c', 'd'] })).toEqual({ l })
})

test('takes out lists of lists, from within and from without', () => {
  const document = { l: [{ n: 1, l: [{ n: 2 }, { x: 1 }] }, { n: 3 }, { l: [{ n: 4 }, { x: 2 }] }] }
  expect(apply('- { target: "$..[?@.n]", remove: true }', document)).toEqual({ l: [{ l: [{ x: 2 }] }] })
})

test('changes a place once that a target selects twice', () => {
  const actions = `- { target: "$['a','a']", update: [x] }\n- { target: $.b, copy: "$['a','a']" }`
  expect(apply(actions, { a: [], b: [] })).toEqual({ a: ['x'], b: ['x'] })
})

test('copy merges the value of one place into the targets (1.1)', () => {
  const document = { from: { a: { b: 1 } }, to: [{}, {}] }
  expect(apply('- { target: "$.to[*]", copy: $.from }', document)).toMatchObject({
    to: [{ a: { b: 1 } }, { a: { b: 1 } }],
  })
  const { problems } = applyOverlay(`${head}- { target: $.from, copy: "$.to[*]" }`, 'overlay.yaml', [
    document,
  ])
  expect(problems).toMatchObject([{ line: 4, message: '$.to[*] is not one place' }])
})

test('of several documents, one is enough for a target to match', () => {
  const { documents, problems } = applyOverlay(`${head}- { target: $.b, update: { c: 1 } }`, 'overlay.yaml', [
    { a: {} },
    { b: {} },
  ])
  expect([documents, problems]).toEqual([[{ a: {} }, { b: { c: 1 } }], []])
})

test('a member called __proto__ changes no other object', () => {
  apply('- { target: $.a, update: { __proto__: { polluted: true } } }', { a: {} })
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
})
