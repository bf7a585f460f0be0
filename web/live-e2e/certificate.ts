import { execFileSync } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes a certificate for this machine with the program that comes with Go, as settings of the gateway. */
export function certificate(): Record<string, string> {
  const cwd = mkdtempSync(join(tmpdir(), 'millrace-certificate-'))
  const goroot = execFileSync('go', ['env', 'GOROOT'], { encoding: 'utf8' }).trim()
  const program = join(goroot, 'src', 'crypto', 'tls', 'generate_cert.go')
  execFileSync('go', ['run', program, '--host', '127.0.0.1,localhost', '--ecdsa-curve', 'P256'], { cwd, stdio: 'ignore' })
  return { MILLRACE_TLS_CERTIFICATE: join(cwd, 'cert.pem'), MILLRACE_TLS_KEY: join(cwd, 'key.pem') }
}
