/**
 * For the AWS clients. Their own decoder looks at the whole text with a regular expression first, which takes longer
 * than decoding; what the services send is sound.
 */
export const decodeBase64 = (text: string): Uint8Array => Buffer.from(text, "base64");
