import { describe, expect, it } from 'vitest'
import { readMockChoice } from '../../mocks/choice.ts'

describe('the choice of a mock', () => {
  it('is the usual one on 4010 when nothing is asked for', () => {
    expect(readMockChoice({}, 'stateful')).toEqual({ name: 'stateful', port: 4010 })
  })

  it('takes the name from MOCK and the port from MOCK_PORT', () => {
    expect(readMockChoice({ MOCK: 'prism', MOCK_PORT: '4711' }, 'stateful')).toEqual({
      name: 'prism',
      port: 4711,
    })
  })

  it('names the mocks there are when there is none of that name', () => {
    expect(() => readMockChoice({ MOCK: 'toString' }, 'prism')).toThrow('MOCK must be one of prism, stateful')
  })

  it.each(['0', '65536', 'abc', '0x10', '4010.5', ' 1', '-1'])('refuses the port %j', (port) => {
    expect(() => readMockChoice({ MOCK_PORT: port }, 'prism')).toThrow(
      'MOCK_PORT must be an integer from 1 to 65535',
    )
  })
})
