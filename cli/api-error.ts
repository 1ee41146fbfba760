export { ApiError } from '../client/client.ts';
