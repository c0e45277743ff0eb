/**
 * The code system of Task.code, whoever opens the Task: a rule, a feed in trouble, a message that a human has to decide
 * about. It ships as `profiles/CodeSystem-task-code.json`.
 */
export const taskCodeSystem = 'https://weir.dev/fhir/CodeSystem/task-code';
