import { type TenantHour, tenantHourText } from "./work-list.ts";

/** What looks at the work list found and did not begin to merge; each tenant's hour once. */
export interface LeftOver {
  /** What a look is to take up besides what is new to it. @param closed the newest hour that was closed, -1 for none */
  due(closed: number, isQuiet: boolean): ReadonlyMap<string, TenantHour>;
  /** Worth a merge that another one, or too many of them, kept from being begun. @param minute from where on it is to be taken up again */
  refuse(one: TenantHour, minute: number): void;
  /** Worth a merge in quiet times only, whenever they come. @param isLate whether its late heads are */
  keepFew(one: TenantHour, isLate: boolean): void;
  /** Nothing more is to be done for it. */
  drop(one: TenantHour): void;
  /**
   * The first minute of the work list that a process which knows nothing of this is to read; infinite where nothing was refused.
   * Few heads it leaves as they are until more come, or their hour is closed.
   */
  minute(): number;
}

type Left =
  | { readonly one: TenantHour; readonly minute: number }
  | { readonly one: TenantHour; readonly isLate: boolean };

/** @param retentionHours what is older has expired */
export function leftOver(retentionHours: number): LeftOver {
  const left = new Map<string, Left>();
  return {
    due(closed, isQuiet) {
      const due = new Map<string, TenantHour>();
      for (const [text, item] of left) {
        const isExpired = item.one.hour + retentionHours < closed;
        // Those of an hour that has been closed since went into its own merges.
        if (isExpired || ("isLate" in item && item.isLate !== item.one.hour <= closed)) left.delete(text);
        else if ("minute" in item || isQuiet) due.set(text, item.one);
      }
      return due;
    },
    refuse(one, minute) {
      const before = left.get(tenantHourText(one));
      const first = before !== undefined && "minute" in before ? before.minute : minute;
      left.set(tenantHourText(one), { one, minute: first });
    },
    keepFew: (one, isLate) => void left.set(tenantHourText(one), { one, isLate }),
    drop: (one) => void left.delete(tenantHourText(one)),
    minute: () =>
      Math.min(...[...left.values()].map((item) => ("minute" in item ? item.minute : Number.POSITIVE_INFINITY))),
  };
}
