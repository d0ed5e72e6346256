import { expect, test } from 'vitest'
import { annotations, formats, numberFormats } from '../../src/document/formats.ts'

const [email, uri, time, zone, uuid] = [
  formats.email.check,
  formats.uri.check,
  formats['date-time'].check,
  formats['iana-time-zone'].check,
  formats.uuid.check,
]

test.each([
  'Europe/Oslo',
  'europe/oslo',
  'AMERICA/NEW_YORK',
  'America/Port-au-Prince',
  'America/Argentina/ComodRivadavia',
  'US/Pacific',
  'Asia/Calcutta',
  'Etc/GMT+5',
  'UTC',
  'gmt',
])('%s is a time zone', (text) => {
  expect(zone(text)).toBe(true)
})

test.each([
  '+02:00',
  '-05',
  'UTC+2',
  '',
  ' Europe/Oslo',
  'Europe/Oslo\n',
  'Europe/Oslø',
  'Europe',
  'Oslo',
  'Mars/Olympus',
  'Asia/Bang\u212aok',
  '__proto__',
  `Europe/${'o'.repeat(60)}`,
])('%j is no time zone', (text) => {
  expect(zone(text)).toBe(false)
})

test.each([
  'ada@example.org',
  'ada+demo@example.org',
  "o'brien@a.b-c.example",
  `${'a'.repeat(242)}@example.org`,
])('%s is an e-mail address', (text) => {
  expect(email(text)).toBe(true)
})

test.each([
  '',
  'ada',
  'ada@',
  '@example.org',
  'ada@example',
  'ada@@example.org',
  'ada@example..org',
  '.ada@example.org',
  'ada@-example.org',
  'ada @example.org',
  'ada@example.org ',
  'ada@example.org\nbo@example.org',
  'ada@example.org,bo@example.org',
  'Ada <ada@example.org>',
  'ådä@example.org',
  `${'a'.repeat(243)}@example.org`,
])('%j is no e-mail address', (text) => {
  expect(email(text)).toBe(false)
})

test.each([
  'https://img.example.org/ada.png?size=2#top',
  'http://localhost:8080',
  'urn:calgate:error:bad_request',
  `https://example.org/${'a'.repeat(2028)}`,
])('%s is a URI', (text) => {
  expect(uri(text)).toBe(true)
})

test.each([
  '',
  'img.example.org/ada.png',
  '//img.example.org/ada.png',
  '/ada.png',
  'https://img.example.org/a b.png',
  'https://img.example.org/<ada>',
  `https://example.org/${'a'.repeat(2029)}`,
])('%j is no absolute URI', (text) => {
  expect(uri(text)).toBe(false)
})

test.each(['2026-11-22T10:00:00.000Z', '2026-11-22T10:00:00+01:00'])('%s is a date and time', (text) => {
  expect(time(text)).toBe(true)
})

test.each([
  '2026-11-22',
  '2026-11-22T10:00:00',
  '2026-02-30T10:00:00Z',
  '22.11.2026 10:00',
  '1795341600000',
  `2026-11-22T10:00:00.${'0'.repeat(64)}Z`,
])('%j is no date and time', (text) => {
  expect(time(text)).toBe(false)
})

test.each(['123e4567-e89b-12d3-a456-426614174000', '123E4567-E89B-12D3-A456-426614174000'])(
  '%s is a UUID',
  (text) => {
    expect(uuid(text)).toBe(true)
  },
)

test.each([
  '',
  'urn:uuid:123e4567-e89b-12d3-a456-426614174000',
  '{123e4567-e89b-12d3-a456-426614174000}',
  '123e4567e89b12d3a456426614174000',
  '123e4567-e89b-12d3-a456-426614174000\n',
  '123e4567-e89b-12d3-a456-4266141740000',
])('%j is no UUID', (text) => {
  expect(uuid(text)).toBe(false)
})

test('a format says what it means or means nothing that is checked, never both', () => {
  expect(annotations.filter((name) => Object.hasOwn({ ...formats, ...numberFormats }, name))).toEqual([])
})
