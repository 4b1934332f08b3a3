/**
 * 400 numbers a line, (i * 7919) % 97, as the tools themselves compress them: node:zlib writes neither long windows nor xz, and on Node 20 no zstd. Made by
 *
 *     zstd -19 --long=31 | zstd -3 | zstd --no-check FILE | xz -9
 */
export const TEXT = `${Array.from({ length: 400 }, (_, i) => (i * 7919) % 97).join("\n")}\n`;

/** Its window is 2 GiB, its size is not told. */
export const ZSTD_LONG = bytes(
  "KLUv/QSobQQAlpEgCbDrJEmIcFKYdR0AHQAdABEbTVOmWvjJYrfX3BvioWOLoyYnmfZxmc+uXhoCMdHyxVKXl1wb+sxwWw+aU8z6Fvnq4p3Lng" +
    "703AFC94pbAx8ZbOMxm02dNN0SH11Xrno4zGNHtzluBk8MtR2y1cQ5ky39ZrkbFz2DPHVwk8Nmp5n39QEAGWo5qjUF6+WPMQ==",
);
export const ZSTD = bytes(
  "KLUv/QRYbQQAlpEgCbDrJEmIcFKYdR0AHQAdABEbTVOmWvjJYrfX3BvioWOLoyYnmfZxmc+uXhoCMdHyxVKXl1wb+sxwWw+aU8z6Fvnq4p3Lng" +
    "703AFC94pbAx8ZbOMxm02dNN0SH11Xrno4zGNHtzluBk8MtR2y1cQ5ky39ZrkbFz2DPHVwk8Nmp5n39QEAGWo5qjUF6+WPMQ==",
);
/** One segment of a known size, without a checksum. */
export const ZSTD_SINGLE = bytes(
  "KLUv/WCGA20EAJaRIAmw6yRJiHBSmHUdAB0AHQARG01Tplr4yWK319wb4qFji6MmJ5n2cZnPrl4aAjHR8sVSl5dcG/rMcFsPmlPM+hb56uKdy5" +
    "4O9NwBQveKWwMfGWzjMZtNnTTdEh9dV656OMxjR7c5bgZPDLUdstXEOZMt/Wa5Gxc9gzx1cJPDZqeZ9/UBABlqOao1BQ==",
);
export const XZ = bytes(
  "/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4ASFAKddABgCgyT9SMLo+RZYXkV3LYgqbx2NDcMjEMJqDbL+cRFLLRHKHHPfyaUPzrxuorbakcllEg" +
    "resVn9C+sLllMxVvVw+odhiZkt/DBWIrdqk2vlRBgJy4i/AH2WrlBGeGOwym1htT40apU9TrLEx4wpW6QXibbASqEC4pxSA12ULReY4V2a65y+" +
    "4d5Xwvvi3u0/zTTWPeVve0hG6PW8gY0DumfMzvNGC7oAAACiN0Omw013rwABwwGGCQAAH0OqrrHEZ/sCAAAAAARZWg==",
);
/** A frame of the user's own. */
export const SKIPPABLE = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

function bytes(base64: string): Buffer {
  return Buffer.from(base64, "base64");
}
