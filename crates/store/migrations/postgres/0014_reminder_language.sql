-- The languages in which mails and calendar speak: those of the page that switched them on.
ALTER TABLE reminder_settings ADD COLUMN mail_language TEXT;
ALTER TABLE reminder_settings ADD COLUMN feed_language TEXT;
