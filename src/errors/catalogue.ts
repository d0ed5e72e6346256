import { delay, doubt, type Entry, refusal } from './entry.ts'

/**
 * Every error the gateway itself raises: its stable code, its HTTP status, one sentence for the reader and what to do
 * about it. The errors of an API are not in here: they pass through as they came. docs/errors.md is tested against it,
 * in both directions.
 */
export const errorCatalogue = {
  malformed_json: refusal(
    400,
    'The request body is not JSON, or two parsers could read it differently.',
    'Send UTF-8 JSON without duplicate keys.',
  ),
  invalid_argument: refusal(
    400,
    'An argument is missing, unknown or not allowed.',
    'Correct everything listed in `errors` and send the call again.',
  ),
  bad_request: refusal(400, 'The request is not valid HTTP.', 'Send a well-formed HTTP/1.1 request.'),
  missing_credentials: refusal(
    401,
    'The call carries no credential for the API.',
    'Send a credential that the document names, or ask the operator to configure one.',
  ),
  unauthenticated: refusal(
    401,
    'The call carries no credential of this gateway.',
    'Send a key of this gateway, or an access token for it, as `Authorization: Bearer …`.',
  ),
  invalid_token: refusal(
    401,
    'The gateway key or access token is not valid for this gateway.',
    'Get a new access token, or ask the operator for a key that is valid here.',
  ),
  insufficient_scope: refusal(
    403,
    'The client lacks the scope of this call.',
    'Use a credential that has the scope, or ask the operator for it.',
  ),
  value_not_served: refusal(
    403,
    'The call names another value than the one this gateway serves.',
    'Use the value that this gateway was set up for.',
  ),
  deletion_disabled: refusal(
    403,
    'The operator of this gateway has disabled deletions.',
    'Leave the record as it is; the operator may set ALLOW_DELETE.',
  ),
  confirmation_declined: refusal(
    403,
    'The user declined the deletion.',
    'Leave the record as it is, and do not ask again for the same.',
  ),
  host_not_allowed: refusal(
    403,
    'The Host header names a host this gateway does not serve.',
    'Call the gateway by a loopback name, or add the name to ALLOWED_HOSTS.',
  ),
  origin_not_allowed: refusal(
    403,
    'A web page that may not call this gateway sent the request.',
    'Add the origin to ALLOWED_ORIGINS if that page is yours.',
  ),
  route_not_found: refusal(
    404,
    'The path is not one of the described operations.',
    'Look the path up in /openapi.json of the REST server.',
  ),
  method_not_allowed: refusal(
    405,
    'The path exists, but not with this method.',
    'Use one of the methods in the Allow header.',
  ),
  idempotency_key_in_use: delay(
    409,
    'A call with this idempotency key is still running.',
    'Wait for its response, or send this call again later to get the same response.',
  ),
  request_timeout: delay(
    408,
    'The request did not arrive completely in time.',
    'Send the whole request without pausing.',
  ),
  body_too_large: refusal(413, 'The request body is larger than the limit.', 'Send a smaller body.'),
  uri_too_long: refusal(414, 'A value in the path is longer than 2,048 characters.', 'Shorten that value.'),
  unsupported_media_type: refusal(
    415,
    'The request body has a content type the operation does not take.',
    'Send the body as application/json without a content encoding.',
  ),
  expectation_failed: refusal(417, 'The Expect header names no known expectation.', 'Leave the header out.'),
  idempotency_key_reused: refusal(
    422,
    'The idempotency key belongs to another call.',
    'Give every call a key of its own; only an exact repetition has the same key.',
  ),
  confirmation_required: refusal(
    428,
    'A deletion needs a confirmation.',
    'Ask the person; once they agree, call again with `confirm` set to true.',
  ),
  rate_limited: delay(
    429,
    'The client sends more calls than this gateway allows.',
    'Wait for the seconds in the Retry-After header, then send the call again.',
  ),
  upstream_rate_limited: delay(
    429,
    'The upstream has asked this client to wait; the call was not sent.',
    'Wait for the seconds in the Retry-After header, then send the call again.',
  ),
  headers_too_large: refusal(
    431,
    'The request headers are larger than the limit.',
    'Send fewer or shorter headers.',
  ),
  client_disconnected: delay(
    499,
    'The client disconnected before the response was complete, and the call had no effect.',
    'Nothing: no client receives this error. It stands in metrics.',
  ),
  upload_incomplete: doubt(
    400,
    'The body did not arrive whole, and a part of it was sent already.',
    'Read the state before repeating a write.',
  ),
  upload_too_large: doubt(
    413,
    'The request body is larger than the limit, and a part of it was sent already.',
    'Read the state before you send a smaller body.',
  ),
  internal_error: doubt(
    500,
    'The gateway failed to handle the request.',
    'Report the request id; read the state before repeating a write.',
  ),
  upstream_unreachable: delay(
    502,
    'The upstream could not be reached; the call was not sent.',
    'Check the base URL that the gateway is configured with and the network, then send the call again.',
  ),
  upstream_connection_lost: doubt(
    502,
    'The connection to the upstream broke before its response was complete.',
    'Read the state before repeating a write.',
  ),
  upstream_invalid_response: doubt(
    502,
    'The upstream sent a response that cannot be passed on: incomplete, ambiguous, encoded or too large.',
    'Read the state before repeating a write.',
  ),
  issuer_unavailable: delay(
    503,
    'The keys that verify access tokens could not be fetched.',
    'Send the call again later.',
  ),
  state_unavailable: delay(
    503,
    'The gateway cannot reach Redis, which it needs for the key, the limit or the confirmation of this call.',
    'Send the same call again, with the same idempotency key, after the time in Retry-After.',
  ),
  overloaded: delay(
    503,
    'The gateway has more calls than it can handle in time; the call had no effect.',
    'Wait for the seconds in the Retry-After header, then send the call again.',
  ),
  upstream_unavailable: delay(
    503,
    'The upstream is failing; the call was not sent.',
    'Wait for the seconds in the Retry-After header, then send the call again.',
  ),
  upstream_timeout: doubt(
    504,
    'The upstream did not complete its response within the deadline.',
    'Read the state before repeating a write.',
  ),
} satisfies Record<string, Entry>
