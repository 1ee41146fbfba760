/**
 * The address of whoever dials, by the address of the connection's other end and the headers of the dial: `header` answers one by its name in small letters,
 * of several with one name all with commas between.
 */
export type RemoteOf = (peer: string, header: (name: string) => string | undefined) => string;
