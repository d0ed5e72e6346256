/** A schema of a document, as it stands there. */
export interface Schema {
  readonly [keyword: string]: unknown
  readonly type?: string | readonly string[]
  readonly nullable?: boolean
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly oneOf?: readonly Schema[]
}

/** Chooses one of several values. */
export type Pick = <Value>(values: readonly Value[]) => Value

/** Returns what a schema refers to. */
export type Follow = (schema: Schema) => Schema

interface Samples {
  readonly good: readonly string[]
  readonly bad: readonly string[]
}

/** Texts that are most likely of a format, and texts that are most likely not: the validator decides. */
const formats: Readonly<Record<string, Samples>> = {
  email: {
    good: [
      'ada@example.org',
      'ADA+x@sub.example.org',
      "o'neil@example.org",
      `${'a'.repeat(242)}@example.org`,
    ],
    bad: [
      'ada',
      'ada@',
      '@example.org',
      'a b@example.org',
      'jörg@example.org',
      'a@bücher.example',
      'a@b@c.de',
    ],
  },
  uri: {
    good: [
      'https://example.org/a.png',
      'http://example.org/?a=%20#b',
      'HTTPS://example.org',
      'ftp://example.org/a',
    ],
    bad: [
      'example.org/a.png',
      '//example.org',
      'https://example.org/a b',
      'https://exämple.org/',
      'https:',
      '',
    ],
  },
  'date-time': {
    good: [
      '2026-02-28T23:59:59Z',
      '2024-02-29T00:00:00.123456+14:00',
      '2026-01-01t00:00:00z',
      '2016-12-31T23:59:60Z',
    ],
    bad: [
      '2026-02-29T00:00:00Z',
      '2026-01-01T24:00:00Z',
      '2026-01-01T00:00:00',
      '2026-01-01',
      '2026-13-01T00:00:00Z',
    ],
  },
  date: { good: ['2024-02-29', '0001-01-01'], bad: ['2026-02-29', '2026-1-1', '20260101', '2026-01-01Z'] },
  uuid: {
    good: ['123e4567-e89b-12d3-a456-426614174000', '123E4567-E89B-12D3-A456-426614174000'],
    bad: [
      '123e4567e89b12d3a456426614174000',
      '123e4567-e89b-12d3-a456-42661417400',
      'urn:uuid:123e4567-e89b-12d3-a456-426614174000',
      '{}',
    ],
  },
  ipv4: { good: ['127.0.0.1', '255.255.255.255'], bad: ['127.0.0.01', '256.0.0.1', '127.1', '::1'] },
  ipv6: { good: ['::1', '2001:db8::ffff:192.0.2.1'], bad: ['1', ':::', '2001:db8::g', '[::1]'] },
  'iana-time-zone': {
    good: ['Europe/Oslo', 'america/new_york', 'US/Pacific', 'Etc/GMT+5', 'UTC', 'Asia/Kolkata'],
    bad: ['Oslo', 'Europe', 'Europe/Oslo ', '+01:00', 'Nowhere/Else', 'Europe/Ōslo', '🙂', ''],
  },
}

/** The time zones among the texts; `ajv-formats` has no such format. */
export const timeZones: ReadonlySet<string> = new Set(formats['iana-time-zone']?.good)

/** Texts that programs trip over. */
const texts = [
  ...[
    '',
    ' ',
    'null',
    'true',
    'Infinity',
    'Zoë',
    'e\u0301',
    '李',
    '🙂',
    '👩‍👩‍👧',
    '\u202e',
    '\ufeff',
    '\u0000',
    '\ud800',
  ],
  ...['a\nb', 'a,b', 'a/b', 'a%2Fb', 'a+b', 'a&b=c', '..', '%', '"', '\\', "'", '__proto__', 'constructor'],
]

/** Spellings of numbers. */
const numerals = [
  '7',
  '-1',
  '0',
  '07',
  '+5',
  '1e2',
  '5.0',
  '0x10',
  ' 7',
  '٣',
  '9007199254740993',
  '1_0',
  'NaN',
]

/** Values of all types. */
const junk: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 7, 1e21, 2_147_483_648, 1e-7],
  ...[[], [null], [[]], {}, { a: 1 }, { length: 1 }],
  ...texts,
  ...numerals,
]

/** Returns a value that a schema most likely takes, often one at a boundary. */
export function pickSound(schema: Schema, pick: Pick, follow: Follow): unknown {
  const known = follow(schema)
  const isNullable = known.nullable === true || [known.type].flat().includes('null')
  if (isNullable && pick([false, false, false, true])) return null
  if (known.enum) return pick(known.enum)
  if (known.oneOf) return pickSound(pick(known.oneOf), pick, follow)
  const type = pick([known.type].flat().filter((one) => one !== 'null'))
  if (type === 'string') return pickText(known, pick)
  if (type === 'integer' || type === 'number') return pickNumber(known, type, pick)
  if (type === 'boolean') return pick([true, false])
  if (type === 'array') return pickList(known, pick, follow)
  return type === 'object' ? pickObject(known, pick, follow) : pick(junk)
}

/** Returns a value that a schema may take or refuse: one beyond a boundary, or of another type or form. */
export function pickOdd(schema: Schema, pick: Pick, follow: Follow): unknown {
  const known = follow(schema)
  const { format, minLength, maxLength, minimum, maximum, maxItems, enum: choices } = known
  const bounds = [minimum, maximum].filter((one) => typeof one === 'number')
  const lengths = [minLength, maxLength].filter((one) => typeof one === 'number')
  const samples = formats[String(format)]
  const odd: (() => unknown)[] = [
    () => pick(junk),
    ...(samples ? [() => pick(samples.bad)] : []),
    ...(choices ? [() => changeCase(pick(choices))] : []),
    ...(bounds.length > 0 ? [() => pick(numerals), () => pick(bounds) + pick([-1, 1, 0.5])] : []),
    ...(lengths.length > 0 ? [() => fill(Math.max(0, pick(lengths) + pick([-1, 1])), pick)] : []),
    ...(known.pattern ? [() => `${pickSound(known, pick, follow)}${pick(texts)}`] : []),
    ...(known.type === 'array' ? [() => pickOddList(known, pick, follow)] : []),
    ...(typeof maxItems === 'number' ? [() => repeat(maxItems + 1, known, pick, follow)] : []),
    ...(known.type === 'object' ? Array(4).fill(() => pickOddObject(known, pick, follow)) : []),
  ]
  return pick(odd)()
}

function changeCase(value: unknown): unknown {
  return typeof value === 'string' ? value.toUpperCase() : String(value)
}

/** A text of so many characters, which are one or two units of UTF-16 each. */
function fill(length: number, pick: Pick): string {
  return pick(['a', 'é', '🙂']).repeat(length)
}

function pickText({ format, pattern, minLength, maxLength }: Schema, pick: Pick): string {
  const samples = formats[String(format)]
  if (samples) return pick(samples.good)
  const [least, most] = [Number(minLength ?? 0), Number(maxLength ?? 64)]
  // The patterns of the documents here are classes of characters with a length of their own.
  if (pattern !== undefined) return pick(['a', 'Z9', '_-', 'a'.repeat(64)])
  const known = texts.filter((one) => [...one].length >= least && [...one].length <= most)
  return pick([pick(known), fill(least, pick), fill(most, pick)])
}

function pickNumber({ minimum, exclusiveMinimum, maximum = 7 }: Schema, type: string, pick: Pick): number {
  const [least, most] = [Number(minimum ?? exclusiveMinimum ?? -7), Number(maximum)]
  return pick([least, most, most - 1, ...(type === 'number' ? [least + 0.5] : [])])
}

function pickList(schema: Schema, pick: Pick, follow: Follow): unknown[] {
  const { minItems = 0, maxItems = 3 } = schema
  return repeat(pick([Number(minItems), 1, Number(maxItems)]), schema, pick, follow)
}

function repeat(count: number, { items = {} }: Schema, pick: Pick, follow: Follow): unknown[] {
  return Array.from({ length: count }, () => pickSound(items, pick, follow))
}

function pickOddList(schema: Schema, pick: Pick, follow: Follow): unknown[] {
  return [...pickList(schema, pick, follow).slice(1), pickOdd(schema.items ?? {}, pick, follow)]
}

function pickObject(schema: Schema, pick: Pick, follow: Follow): Record<string, unknown> {
  const { properties = {}, required = [], additionalProperties } = schema
  const chosen = Object.entries(properties).filter(([name]) => required.includes(name) || pick([true, false]))
  const own = chosen.map(([name, one]) => [name, pickSound(one, pick, follow)])
  const others = isSchema(additionalProperties) ? pickOthers(schema, additionalProperties, pick, follow) : []
  return Object.fromEntries([...own, ...others])
}

function pickOthers(
  { maxProperties = 3, ...schema }: Schema,
  others: Schema,
  pick: Pick,
  follow: Follow,
): [string, unknown][] {
  const longest = isSchema(schema['x-propertyNames']) ? Number(schema['x-propertyNames'].maxLength) : 40
  const suffix = pick(['', 'x'.repeat(longest - 2)])
  const count = pick([0, 1, Number(maxProperties)])
  return Array.from({ length: count }, (_, index) => [
    `${String(index).padStart(2, '0')}${suffix}`,
    pickSound(others, pick, follow),
  ])
}

/** A sound object with one member more, less or changed. */
function pickOddObject(schema: Schema, pick: Pick, follow: Follow): Record<string, unknown> {
  const { properties = {}, required = [], additionalProperties } = schema
  const sound = pickObject(schema, pick, follow)
  const members = Object.entries(properties)
  const names = pick([['extra', 'Name', 'constructor', '', ' ', 'x'.repeat(41)]])
  const change = pick(['add', 'remove', 'change', 'change', 'change'])
  if (change === 'remove' && required.length > 0) {
    const { [pick(required)]: _, ...rest } = sound
    return rest
  }
  if (change === 'change' && members.length > 0) {
    const [name, one] = pick(members)
    return { ...sound, [name]: pickOdd(one, pick, follow) }
  }
  const others = isSchema(additionalProperties) ? pickOdd(additionalProperties, pick, follow) : pick(junk)
  return { ...sound, [pick(names)]: others }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null
}
