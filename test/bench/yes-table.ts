// A DynamoDB that has no table: it reads every request to its end and says that all was put.
import { createServer } from "node:http";

const server = createServer((request, response) => {
  request.resume();
  request.once("end", () => {
    response.writeHead(200, { "Content-Type": "application/x-amz-json-1.0" });
    response.end('{"UnprocessedItems":{}}');
  });
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : 0);
});
process.once("disconnect", () => process.exit());
