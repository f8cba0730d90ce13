/** Which of two sequence numbers is later: above 0 when `a` is. They have no leading zeros, so the longer one is. */
export const compareNumbers = (a: string, b: string): number => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

export const isAfter = (number: string, other: string | undefined): boolean =>
  other === undefined || compareNumbers(number, other) > 0;
