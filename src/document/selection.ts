/** Which operations are selected; an empty list selects all. */
export interface Selection {
  readonly tags: readonly string[]
  /** By `operationId`, tool name or `GET /path`. */
  readonly operations: readonly string[]
  readonly exclude: readonly string[]
  /** Only what changes nothing: by the tool's hint, and without one by the method. */
  readonly readOnly: boolean
}

/** What an operation is selected by. */
export interface Selectable {
  readonly tags: readonly string[]
  readonly names: readonly unknown[]
  readonly isReadOnly: boolean
}

/** Returns whether an operation is selected; tags have no case. */
export function isSelected(one: Selectable, { tags, operations, exclude, readOnly }: Selection): boolean {
  return (
    (tags.length === 0 || tags.some((tag) => hasTag(one, tag))) &&
    (operations.length === 0 || operations.some((name) => one.names.includes(name))) &&
    !exclude.some((name) => one.names.includes(name)) &&
    (!readOnly || one.isReadOnly)
  )
}

/** Returns whether an operation has a tag. */
export function hasTag({ tags }: Pick<Selectable, 'tags'>, tag: string): boolean {
  return tags.some((one) => one.toLowerCase() === tag.toLowerCase())
}
