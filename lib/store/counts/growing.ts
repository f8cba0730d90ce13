type Numbers = Uint8Array | Uint16Array | Uint32Array;

/** Most are of late counts, which are few. */
const FIRST_CAPACITY = 16;

/** Numbers that become more: a tenth of what an array of them takes. */
export class Column {
  length = 0;
  private numbers: Numbers;
  private readonly make: (capacity: number) => Numbers;

  private constructor(make: (capacity: number) => Numbers) {
    this.make = make;
    this.numbers = make(FIRST_CAPACITY);
  }

  static of8 = (): Column => new Column((capacity) => new Uint8Array(capacity));
  static of16 = (): Column => new Column((capacity) => new Uint16Array(capacity));
  static of32 = (): Column => new Column((capacity) => new Uint32Array(capacity));

  at(place: number): number {
    return this.numbers[place] as number;
  }

  set(place: number, value: number): void {
    this.numbers[place] = value;
  }

  push(value: number): void {
    if (this.length === this.numbers.length) {
      const larger = this.make(this.numbers.length * 2);
      larger.set(this.numbers);
      this.numbers = larger;
    }
    this.numbers[this.length++] = value;
  }
}
