/** An OAuth client of the upstream, with its secret. */
export interface Tenant {
  readonly clientId: string
  readonly secret: string
}

/** Returns the arguments that say whose call it is, as far as the gateway does not have them itself. */
export function identify(
  { configured }: { readonly configured: boolean },
  { clientId, secret }: Tenant,
): Readonly<Record<string, unknown>> {
  return { clientId, ...(configured ? {} : { 'x-cal-secret-key': secret }) }
}
