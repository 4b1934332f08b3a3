/** Is it what it says? A subject that is not ours is examined before it is measured. */
export { checkSubjectCommand } from "./command.js";
export { type Examination, type Finding, isSound, type SubjectFacts } from "./examination.js";
export { type ExamOptions, examineSubject } from "./examine.js";
export { subjectPath } from "./subject-path.js";
