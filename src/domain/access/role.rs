//! Roles and what each may do: the permission table of the service.

use crate::domain::vocabulary::vocabulary;

vocabulary! {
    /// What the holder of a key works as.
    Role {
        /// An application that files reports for people.
        App = "app",
        /// A 311 agent who answers calls: files for people and knows who they are.
        Agent = "agent",
        /// A crew in the field: changes reports and does not learn who filed them.
        Crew = "crew",
        /// Decides about incidents, and answers for the work of agents and crews.
        Supervisor = "supervisor",
        /// Runs the service: everything.
        Admin = "admin",
    }
}

vocabulary! {
    /// What a key may be needed for.
    Permission {
        /// File reports and send photos, where the service wants a key for that.
        FileReports = "file_reports",
        /// Change reports: status, service, place, assignment.
        ChangeReports = "change_reports",
        /// Read what is not public of reports and their histories, such as names of employees.
        ReadPrivate = "read_private",
        /// Read who filed a report: name, e-mail address, telephone number.
        ReadContacts = "read_contacts",
        /// Merge reports into incidents, split them and undo that.
        ChangeIncidents = "change_incidents",
        /// Read the audit: who changed what, and who read private data.
        ReadAudit = "read_audit",
        /// Export more reports in one file than the public may.
        ExportAll = "export_all",
        /// Read texts that the public does not see yet, and decide about them.
        ReviewTexts = "review_texts",
        /// Send files and import them.
        Import = "import",
        /// Erase parts of reports, and read what was erased of which.
        Erase = "erase",
    }
}

impl Role {
    /// The permissions of this role: the one place that says them.
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::{
            ChangeIncidents, ChangeReports, ExportAll, FileReports, ReadAudit, ReadContacts,
            ReadPrivate, ReviewTexts,
        };
        match self {
            Self::App => &[FileReports],
            Self::Agent => &[FileReports, ChangeReports, ReadPrivate, ReadContacts, ReviewTexts],
            Self::Crew => &[FileReports, ChangeReports, ReadPrivate],
            Self::Supervisor => &[
                FileReports,
                ChangeReports,
                ReadPrivate,
                ReadContacts,
                ChangeIncidents,
                ExportAll,
                ReadAudit,
                ReviewTexts,
            ],
            Self::Admin => Permission::ALL,
        }
    }

    /// May keys of this role do this?
    ///
    /// ```
    /// use pointchaud::domain::{Permission, Role};
    ///
    /// assert!(Role::Agent.may(Permission::ReadContacts));
    /// assert!(!Role::Crew.may(Permission::ReadContacts));
    /// ```
    pub fn may(self, permission: Permission) -> bool {
        self.permissions().contains(&permission)
    }
}

impl Permission {
    /// Is a key needed for this also where a service without any key is open to its own machine?
    /// What is read of people or erased must have a name behind it.
    pub const fn always_needs_key(self) -> bool {
        matches!(self, Self::ReadContacts | Self::Erase)
    }

    /// The roles that have it, separated by commas, for messages.
    pub fn holders(self) -> String {
        let roles = Role::ALL.iter().filter(|role| role.may(self));
        roles.map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_permission_has_a_role_and_the_admin_has_all() {
        for permission in Permission::ALL {
            assert!(permission.holders().ends_with("admin"), "{permission}");
        }
        assert_eq!(Permission::ChangeIncidents.holders(), "supervisor, admin");
        assert_eq!(Permission::FileReports.holders(), Role::WORDS.join(", "));
    }
}
