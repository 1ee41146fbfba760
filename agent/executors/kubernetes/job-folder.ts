/** Where a command in a pod finds the files of its job, and may write. */
export const jobFolder = '/farhand/job';
