/** Something the person who starts the server has to change. Its message is one line, and all that is printed. */
export class Usage extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode = 2) {
    super(message);
    this.name = "Usage";
    this.exitCode = exitCode;
  }
}
