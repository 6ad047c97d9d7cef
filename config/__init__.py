"""The platform: settings, database, errors, web and job plumbing. Knows nothing of people or claims."""
