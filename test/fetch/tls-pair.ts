/** A key and certificates for `localhost`, made for these tests alone: one good until 2120, one that expired in 2020. */
export const testKey = ``;

export const testCertificate = ``;

export const expiredCertificate = ``;
