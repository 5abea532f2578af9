/** A mistake of the user or of the machine, not of the program: one clear line, exit status 2. */
export class UserError extends Error {
  /** How to mend it: an imperative that follows on a line of its own; small letters first and no full stop, for it may end in a command. */
  readonly hint: string;
  constructor(message: string, hint: string) {
    super(message);
    this.name = 'UserError';
    this.hint = hint;
  }
}
