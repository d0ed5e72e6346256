/** The methods that ask for no change (RFC 9110 §9.2.1, and QUERY of RFC 10008 §2), in capitals. */
export const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'])
