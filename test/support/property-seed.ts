import fc from 'fast-check'

/** What fails in one run must fail in the next, so properties are tried with the same values, unless `PROPERTY_SEED` is set. */
fc.configureGlobal({ seed: Number(process.env.PROPERTY_SEED ?? 1) })
