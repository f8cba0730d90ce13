import { expect, test } from "vitest";
import { putBody } from "../../../lib/store/put-request.ts";

test("a put is the API's own JSON, with binary values in base64 and texts of any kind", () => {
  const items = [
    {
      pk: 'S#"tenant"\n☃ \ud800',
      sk: Uint8Array.of(0, 255, 1),
      body: Uint8Array.from({ length: 1000 }, (_, i) => i),
      ttl: 7,
    },
    { pk: "P#x", sk: Uint8Array.of(9), body: new Uint8Array(0), ttl: 1_764_000_000 },
  ];
  const body = JSON.parse(Buffer.from(putBody('täble"', items)).toString());
  expect(body).toEqual({
    RequestItems: {
      'täble"': items.map(({ pk, sk, body, ttl }) => ({
        PutRequest: {
          Item: {
            pk: { S: pk },
            sk: { B: Buffer.from(sk).toString("base64") },
            t: { N: `${ttl}` },
            b: { B: Buffer.from(body).toString("base64") },
          },
        },
      })),
    },
  });
});

test("a put of nothing names the table", () => {
  expect(JSON.parse(Buffer.from(putBody("t", [])).toString())).toEqual({ RequestItems: { t: [] } });
});
