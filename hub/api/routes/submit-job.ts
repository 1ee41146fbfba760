import { Job, JobRequest } from '../../../protocol/job.ts';
import type { ApiContext } from '../api-context.ts';
import type { ApiServer } from '../api-server.ts';
import { answerSubmission, submissionAnswers, submissionProblems } from '../submission.ts';

/** `POST /jobs`: the job is stored, durably, when this answers. */
export function submitJob(app: ApiServer, context: ApiContext): void {
  app.post(
    '/jobs',
    {
      config: { access: 'submit-jobs' },
      onRequest: async () => context.submissions.checkStore(),
      schema: {
        operationId: 'submitJob',
        summary: 'Submit a job',
        description: 'It is stored, durably, when this answers.',
        tags: ['jobs'],
        body: JobRequest,
        takes: ['IdempotencyKey', 'Traceparent', 'Tracestate'],
        response: { 201: Job, 200: Job },
        answers: submissionAnswers,
        problems: submissionProblems,
      },
    },
    (request, reply) => answerSubmission(context, request, reply, { job: request.body, said: request.body }),
  );
}
