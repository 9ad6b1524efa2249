/** One change to a source file of the fleet: what a slip of a person's hand does, or the change that undoes nothing. */
export interface Edit {
  readonly kernel: string
  /** Name of the file in the kernel's folder, without extension. Default: the kernel's own. */
  readonly file?: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
}
