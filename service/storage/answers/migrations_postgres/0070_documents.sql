-- Documents that were read beside one for each Task: members of archives, mails of mailboxes. Quotas count them.
ALTER TABLE jobs ADD COLUMN within INTEGER NOT NULL DEFAULT 0;
