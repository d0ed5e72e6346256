const namesOfStatus: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
}

type Shape = 'http' | 'validation' | 'throttled' | 'plain' | 'expired' | 'bare' | 'large'

interface Entry {
  readonly status: number
  readonly shape: Shape
  readonly code: string
  /** `{name}` stands for a value of the occasion. */
  readonly message: string
}

const http = (status: number, code: string, message: string): Entry => ({
  status,
  shape: 'http',
  code,
  message,
})
const plain = (status: number, code: string, message: string): Entry => ({
  status,
  shape: 'plain',
  code,
  message,
})

/** Cal.com's errors by the names the document's examples have. */
export const catalogue = {
  malformed_json: http(400, 'BadRequestException', 'Unexpected end of JSON input'),
  payload_too_large: { status: 413, shape: 'large', code: '', message: 'request entity too large' },
  throttled: {
    status: 429,
    shape: 'throttled',
    code: 'ThrottlerException',
    message: 'CustomThrottlerGuard - Too many requests. Please try again later.',
  },
  bad_api_key_at_throttler: http(401, 'UnauthorizedException', 'CustomThrottlerGuard - Invalid API Key'),
  missing_secret: http(
    401,
    'UnauthorizedException',
    "ApiAuthStrategy - Only 'x-cal-client-id' header provided. Please also provide 'x-cal-secret-key' header or Auth bearer token as 'Authentication' header",
  ),
  wrong_secret: http(401, 'UnauthorizedException', 'ApiAuthStrategy - oAuth client - Invalid client secret'),
  unknown_client: http(
    401,
    'UnauthorizedException',
    'ApiAuthStrategy - oAuth client - Client with ID {clientId} not found',
  ),
  no_owner: http(
    401,
    'UnauthorizedException',
    'ApiAuthStrategy - oAuth client - No owner ID found for this OAuth client',
  ),
  api_key_invalid: http(
    401,
    'UnauthorizedException',
    'ApiAuthStrategy - api key - Your api key is not valid',
  ),
  api_key_expired: http(401, 'UnauthorizedException', 'ApiAuthStrategy - api key - Your api key is expired'),
  stale_token: http(401, 'UnauthorizedException', 'OAuth client not found given the access token'),
  expired_access_token: {
    status: 498,
    shape: 'expired',
    code: 'HttpException',
    message: 'ACCESS_TOKEN_IS_EXPIRED',
  },
  unknown_client_api_key: http(404, 'NotFoundException', 'OAuthClientGuard - OAuth client not found.'),
  foreign_client: http(
    403,
    'ForbiddenException',
    'OAuthClientGuard - forbidden. oAuth client with id={clientId} does not belong to the organization with id={orgId}.',
  ),
  no_organization: http(
    403,
    'ForbiddenException',
    'OAuthClientGuard - No organization associated with the user.',
  ),
  role: http(
    403,
    'ForbiddenException',
    'OrganizationRolesGuard - User must have one of the roles: ADMIN, OWNER.',
  ),
  validation: {
    status: 400,
    shape: 'validation',
    code: 'BadRequestException',
    message: 'Bad Request Exception',
  },
  bad_user_id: http(400, 'BadRequestException', 'Validation failed (numeric string is expected)'),
  user_not_found: http(404, 'NotFoundException', 'User with ID {userId} is not part of this OAuth client.'),
  bad_email_filter: http(400, 'BadRequestException', 'Invalid email {email}'),
  email_exists: http(
    409,
    'ConflictException',
    'User with the provided e-mail already exists. Existing user ID={userId}',
  ),
  no_org_on_client: http(
    400,
    'BadRequestException',
    'You cannot create a managed user outside of an organization - the OAuth client does not belong to any organization.',
  ),
  bad_email_create: plain(400, 'TRPCError', 'Bad request: Please check your request data and try again'),
  unique_violation: plain(409, 'CONFLICT', 'Invalid Input: Trying to create a record that already exists.'),
  record_gone: plain(404, 'NOT_FOUND', 'Invalid Query: The requested record was not found.'),
  fk_violation: plain(400, 'BAD_REQUEST', 'Invalid input: The referenced data does not exist.'),
  prisma_other: plain(500, 'INTERNAL_SERVER_ERROR', 'There was an error, please try again later.'),
  bad_refresh_token: http(400, 'BadRequestException', 'Invalid refresh token'),
  bad_client_credentials: http(400, 'BadRequestException', 'Invalid OAuthClient credentials.'),
  unknown_route: http(404, 'NotFoundException', 'Cannot {method} {url}'),
  unexpected: { status: 500, shape: 'bare', code: '', message: 'Internal server error' },
} as const satisfies Record<string, Entry>

/** Name of an error of Cal.com. */
export type CalComErrorId = keyof typeof catalogue

/** One finding of class-validator; `target` and `value` repeat the request. */
export interface Finding {
  readonly target: unknown
  readonly value?: unknown
  readonly property: string
  readonly children: readonly []
  readonly constraints: Readonly<Record<string, string>>
}

/** An error on its way to the filters that turn it into one of the six shapes. */
export class CalComError extends Error {
  readonly id: CalComErrorId
  readonly values: Readonly<Record<string, string | number>>
  readonly findings: readonly Finding[]

  constructor(
    id: CalComErrorId,
    values: Readonly<Record<string, string | number>> = {},
    findings: readonly Finding[] = [],
  ) {
    super(id)
    this.id = id
    this.values = values
    this.findings = findings
  }
}

/** Describes the response an error becomes; `path` is the URL as it came, query included. */
export function describeError(
  { id, values, findings }: CalComError,
  path: string,
  now: number,
): { status: number; body: object } {
  const { status, shape, code, message: template }: Entry = catalogue[id]
  const message = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
  if (shape === 'bare' || shape === 'large') return { status, body: { statusCode: status, message } }
  const details = describeDetails(shape, status, message, findings)
  const error = details === undefined ? { code, message } : { code, message, details }
  return { status, body: { status: 'error', timestamp: new Date(now).toISOString(), path, error } }
}

function describeDetails(
  shape: Shape,
  status: number,
  message: string,
  findings: readonly Finding[],
): unknown {
  if (shape === 'http') return { message, error: namesOfStatus[status], statusCode: status }
  if (shape === 'validation') return { errors: findings }
  return shape === 'plain' ? undefined : message
}

/** Returns the error of a catalogue name; throws a `RangeError` for a name that is not in there. */
export function toNamedError(name: string): CalComError {
  const known = Object.keys(catalogue).find((id): id is CalComErrorId => id === name)
  if (known === undefined) throw new RangeError(`there is no error ${name}`)
  return new CalComError(known, {
    clientId: 'cm9demo000001abcd1234efgh',
    userId: 4711,
    orgId: 12,
    email: 'bo@example.org',
  })
}
