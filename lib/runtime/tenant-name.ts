/** Part of every key of the table, and of what people type. */
export const TENANT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
export const TENANT_NAME_EXPECTED = "1 to 63 of A-Z a-z 0-9 . _ -, beginning with one of the first three";
