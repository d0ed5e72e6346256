/** The CPU of the process under test. */
export const subjectCpu = 0
/** The CPU of the load generator and the upstream. */
export const generatorCpu = 1
