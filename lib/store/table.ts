/** Attribute names; short, because every item pays for them. */
export const PARTITION_KEY = "pk";
export const SORT_KEY = "sk";
export const BODY = "b";
/** The table's TTL attribute: Unix epoch seconds. */
export const TTL = "t";
/** Only in items that change. */
export const VERSION = "v";

/** The table as CreateTable takes it. */
export const tableSchema = () => ({
  KeySchema: [
    { AttributeName: PARTITION_KEY, KeyType: "HASH" as const },
    { AttributeName: SORT_KEY, KeyType: "RANGE" as const },
  ],
  AttributeDefinitions: [
    { AttributeName: PARTITION_KEY, AttributeType: "S" as const },
    { AttributeName: SORT_KEY, AttributeType: "B" as const },
  ],
  BillingMode: "PAY_PER_REQUEST" as const,
});
