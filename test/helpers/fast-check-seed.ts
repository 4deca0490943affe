import fc from 'fast-check';

// CI tries the same cases every time, so that it says something about the commit alone; everywhere else each run draws new ones.
if (process.env.CI) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: 1 });
