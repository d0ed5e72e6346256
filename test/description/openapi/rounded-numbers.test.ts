import { expect, test } from 'vitest'
import { listProblems, load } from '../loading.ts'

const yaml = `openapi: 3.1.0
info: { title: Shop, version: '1' }
paths:
  /items/{id}:
    get:
      parameters:
        - name: id
          in: path
          required: true
          schema:
            type: integer
            format: int64
            minimum: -9223372036854775808
            maximum: 9223372036854775807
            exclusiveMaximum: 18446744073709551615
            enum: [5, 9007199254740993, 9007199254740992]
            default: -9007199254740993
          examples:
            large: { value: 9007199254740995 }
      responses:
        200:
          description: Done
          content:
            application/json:
              schema: { type: number, const: 9007199254740997 }
              example: { ids: [1.5, 1e30, 18508440362185578000000000.5, 9007199254740999] }
`

const rounded = [
  [16, '9007199254740993', '9007199254740992'],
  [17, '-9007199254740993', '-9007199254740992'],
  [19, '9007199254740995', '9007199254740996'],
  [25, '9007199254740997', '9007199254740996'],
  [26, '9007199254740999', '9007199254741000'],
]
const sentences = rounded.map(([, written, read]) => `the number ${written} is read as ${read}`)

test('a number that is told rounded is a warning, and a bound is none', async () => {
  const { problems } = await load({ 'shop.yaml': yaml })
  expect(problems.map(({ line, message, severity }) => [line, message.split(',')[0], severity])).toEqual(
    rounded.map(([line], index) => [line, sentences[index], 'warning']),
  )
})

test('so it is in JSON, and in a document that is upgraded', async () => {
  const schema = '"type":"integer","maximum":9223372036854775807,"default":9007199254740993'
  const parameter = `{"name":"n","in":"query",${schema}}`
  const item = `{"get":{"parameters":[${parameter}],"responses":{"200":{"description":"Done","schema":{"$ref":"#/definitions/N"}}}}}`
  const text = `{"swagger":"2.0","info":{"title":"Shop","version":"1"},"paths":{"/items":${item}},
"definitions":{"N":{"enum":[1,9007199254740995]}}}`
  const told = listProblems(await load({ 'shop.json': text })).map((one) => one.split(',')[0])
  expect(told).toEqual([
    'shop.json:1: warning: the number 9007199254740993 is read as 9007199254740992',
    'shop.json:2: warning: the number 9007199254740995 is read as 9007199254740996',
  ])
})
