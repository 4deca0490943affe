export const startedAt = 1_800_000_000_000;
export const vinA = 'WFWAUR1E3TA000003';
export const vinB = 'WFWAUR1E5TA000004';
export const vinC = 'WFWBRE2E6TB000001';
