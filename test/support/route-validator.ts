/**
 * Lets all gateways of a test process share one compiled validator of OpenAPI documents. fastify-openapi-glue compiles
 * it anew for each gateway, which takes twice as long as all else of its start, and tests start hundreds.
 */
import { Validator } from '@seriousme/openapi-schema-validator'

const method = 'getAjvValidator'
const compile: unknown = Reflect.get(Validator.prototype, method)
if (typeof compile !== 'function')
  throw new TypeError(`the validator of fastify-openapi-glue has no ${method}`)

const compiled = new Map<string, unknown>()
Reflect.set(Validator.prototype, method, function getAjvValidator(this: Validator, version: string) {
  if (!compiled.has(version)) compiled.set(version, compile.call(this, version))
  return compiled.get(version)
})
