import type { Finding } from '../context.ts'

/** Renders a finding as an annotation of GitHub Actions (a workflow command). */
export function renderAnnotation({ operation, server, requirement, field, message, rule }: Finding): string {
  const title = escapeProperty(`${requirement} · ${operation} · ${server}`)
  return `::error title=${title}::${escapeData(`${field || 'call'}: ${message}. ${rule}`)}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
