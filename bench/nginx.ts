import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A running nginx; its configuration and logs live in a folder of their own. */
export interface Nginx extends AsyncDisposable {
  readonly pid: number
  /** Resolves when it has ended. */
  readonly ended: Promise<unknown>
}

/** Runs nginx with one worker, on one CPU, with the given contents of its `http` block. Throws when it is missing. */
export function startNginx(folder: string, cpu: number, http: string): Nginx {
  if (spawnSync('nginx', ['-v']).error) throw new Error('nginx is missing; install it (Debian: nginx-light)')
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'])
    mkdirSync(join(folder, name), { recursive: true })
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configure(folder, http))
  const child = spawn('taskset', ['-c', String(cpu), 'nginx', '-c', file, '-p', folder], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(child, 'exit')
  return {
    pid: child.pid ?? 0,
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}

function configure(folder: string, http: string): string {
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log warn;
events { worker_connections 2048; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  open_file_cache max=100 inactive=600s;
  open_file_cache_valid 600s;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
${http}
}
`
}
