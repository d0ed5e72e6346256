/**
 * Ends this process in its usual way when the one that started it is gone, however that one went: a process
 * killed with SIGKILL tells nobody, and would leave its children on the ports. Loaded for its effect (`--import`).
 */
const starter = process.ppid
setInterval(() => {
  if (process.ppid !== starter) process.kill(process.pid, 'SIGTERM')
}, 500).unref()
