/** A mistake of the user or of the machine, not of the program: one clear line, exit status 2. */
export class UserError extends Error {
  /** How to mend it: an imperative sentence. */
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'UserError';
    this.hint = hint;
  }
}
