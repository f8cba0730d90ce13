/** A 64-bit number as two of 32. */
export interface Halves {
  low: number;
  high: number;
}

/**
 * Times as differences: a start from the start before it of the same trace, signed; an end from the time before it,
 * which is its own start's. Modulo 2^64, so that every time comes back, and in halves: a bigint takes ten times as long.
 */
export class TimeLine {
  /** By the trace's number. */
  private readonly startLow: number[] = [];
  private readonly startHigh: number[] = [];
  private low = 0;
  private high = 0;
  /** One object for all answers. */
  private readonly answer: Halves = { low: 0, high: 0 };

  /** From a time to what is written of it. @param trace the number of the span's trace, -1 when none was named */
  difference(trace: number, isEnd: boolean, low: number, high: number): Halves {
    if (!isEnd) this.toTrace(trace);
    const { answer } = this;
    answer.low = (low - this.low) >>> 0;
    answer.high = (high - this.high - (low < this.low ? 1 : 0)) >>> 0;
    this.now(trace, isEnd, low, high);
    if (!isEnd) {
      const sign = answer.high >> 31;
      answer.high = (((answer.high << 1) | (answer.low >>> 31)) ^ sign) >>> 0;
      answer.low = ((answer.low << 1) ^ sign) >>> 0;
    }
    return answer;
  }

  /** And back. */
  time(trace: number, isEnd: boolean, low: number, high: number): Halves {
    if (!isEnd) this.toTrace(trace);
    const { answer } = this;
    const sign = isEnd ? 0 : -(low & 1);
    const lower = isEnd ? low : (((low >>> 1) | (high << 31)) ^ sign) >>> 0;
    const upper = isEnd ? high : ((high >>> 1) ^ sign) >>> 0;
    answer.low = (lower + this.low) >>> 0;
    answer.high = (upper + this.high + (lower + this.low > 0xffff_ffff ? 1 : 0)) >>> 0;
    this.now(trace, isEnd, answer.low, answer.high);
    return answer;
  }

  private toTrace(trace: number): void {
    this.low = this.startLow[trace] ?? this.low;
    this.high = this.startHigh[trace] ?? this.high;
  }

  private now(trace: number, isEnd: boolean, low: number, high: number): void {
    this.low = low;
    this.high = high;
    if (isEnd || trace < 0) return;
    this.startLow[trace] = low;
    this.startHigh[trace] = high;
  }
}
