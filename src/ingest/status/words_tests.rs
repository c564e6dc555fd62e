//! Status words of eight languages, and what they are read as.

use crate::domain::{ClosedReason, Status};
use crate::ingest::status::words::status_of_words;

#[test]
fn words_of_eight_languages() {
    use ClosedReason::{Cancelled, Duplicate, Refused};
    use Status::{Closed, InProgress, Open};
    for (words, status, reason) in [
        ("Open New Reopened Re-opened Submitted Unassigned Active", Open, None),
        ("Not_closed Unresolved Incomplete Not_yet_completed Unfinished", Open, None),
        ("In_progress Assigned Pending Scheduled Pending_closure On_Hold", InProgress, None),
        ("CANC Anulado Storno", Closed, Some(Cancelled)),
        ("Initiated Sent Cadastrada Enviado Envoyée", Open, None),
        ("ASSIG Execução Em_análise En_ejecución Doorverwezen_gekregen", InProgress, None),
        ("Service_fait Effectué Verholpen Realizado", Closed, None),
        ("To_be_closed Closed_(reopened) Fermée_(rouverte)", Open, None),
        ("No_action_required", Closed, None),
        ("Won't_fix Closed_-_will_not_repair", Closed, Some(Refused)),
        ("Closed Completed Resolved Fixed Done Archived Closed,_issue_resolved", Closed, None),
        (
            "Duplicate Duplicate_(closed) Closed_-_Duplicate Completed_-_Dup",
            Closed,
            Some(Duplicate),
        ),
        ("Rejected Declined Closed_-_Invalid Closed_(Unresolved)", Closed, Some(Refused)),
        ("Cancelled Canceled Withdrawn Voided", Closed, Some(Cancelled)),
        ("Ouverte Nouveau Reçue Rouverte Non_résolu N'est_pas_fermée", Open, None),
        ("En_cours Prise_en_charge En_cours_de_traitement Planifiée En_attente", InProgress, None),
        ("Fermée Terminée Résolu Clôturé Traitée Réglé", Closed, None),
        ("Doublon Fermée_-_doublon", Closed, Some(Duplicate)),
        ("Refusée Rejetée Irrecevable", Closed, Some(Refused)),
        ("Annulée Supprimée", Closed, Some(Cancelled)),
        ("Offen Neu Eingetroffen Eingegangen Nicht_abgeschlossen Unerledigt", Open, None),
        ("In_Bearbeitung Weitergeleitet Zugewiesen Geplant", InProgress, None),
        ("Abgeschlossen Erledigt Geschlossen Behoben Gelöst", Closed, None),
        ("Abgelehnt Nicht_zuständig", Closed, Some(Refused)),
        ("Doppelt Dublette", Closed, Some(Duplicate)),
        ("Storniert Zurückgezogen", Closed, Some(Cancelled)),
        ("Abierto Nueva Recibida No_resuelta Reabierto", Open, None),
        ("En_proceso Asignada En_trámite Pendiente", InProgress, None),
        ("Cerrado Resuelta Finalizado Solucionado Concluido", Closed, None),
        ("Rechazada No_procede Desestimada", Closed, Some(Refused)),
        ("Duplicado", Closed, Some(Duplicate)),
        ("Anulada Cancelado", Closed, Some(Cancelled)),
        ("Aperta Nuovo Ricevuta Non_risolta", Open, None),
        ("In_corso Presa_in_carico In_lavorazione Assegnata Sospesa", InProgress, None),
        ("Chiusa Risolta Conclusa Evasa", Closed, None),
        ("Rifiutata Respinta", Closed, Some(Refused)),
        ("Aberto Nova Recebido Não_resolvido", Open, None),
        ("Em_andamento Em_curso Atribuído", InProgress, None),
        ("Fechado Concluído Resolvida Encerrado", Closed, None),
        ("Rejeitado Indeferido Recusado", Closed, Some(Refused)),
        ("Nieuw Ontvangen Heropend Niet_opgelost Onopgelost", Open, None),
        ("In_behandeling Toegewezen Gepland", InProgress, None),
        ("Afgehandeld Gesloten Opgelost Voltooid", Closed, None),
        ("Afgewezen Geweigerd", Closed, Some(Refused)),
        ("Geannuleerd Ingetrokken", Closed, Some(Cancelled)),
        ("Nowe Otwarte Zgłoszone Nierozwiązane Nie_zamknięte", Open, None),
        ("W_trakcie W_toku W_realizacji Przydzielone", InProgress, None),
        ("Zamknięte Zakończone Rozwiązane Zrealizowane", Closed, None),
        ("Odrzucone", Closed, Some(Refused)),
        ("Anulowane Wycofane", Closed, Some(Cancelled)),
    ] {
        for word in words.split(' ') {
            let word = word.replace('_', " ");
            assert_eq!(status_of_words(&word), Some((status, reason)), "{word}");
        }
    }
    assert_eq!(status_of_words("Open - Dup"), Some((Open, None)));
}

#[test]
fn further_words_of_registered_announced_and_ended_requests() {
    use ClosedReason::{Duplicate, Refused};
    use Status::{Closed, InProgress, Open};
    for (words, status, reason) in [
        ("Registered Reported Closed_(Open_again) Oberta Geschlossen,_wieder_offen", Open, None),
        ("Prise_en_compte In_attesa Ingepland Opgepakt In_Umsetzung Wstrzymane", InProgress, None),
        ("Arquivada Tratada Respondida Contestada Tancada Umgesetzt Répondue", Closed, None),
        ("Wird_nicht_bearbeitet Ne_sera_pas_traitée Wordt_niet_opgepakt", Closed, Some(Refused)),
        ("Niezasadne No_se_atenderá Não_será_atendida", Closed, Some(Refused)),
        ("Mehrfachmeldung Meervoudige_melding", Closed, Some(Duplicate)),
        ("Wird_noch_nicht_bearbeitet", Open, None),
    ] {
        for word in words.split(' ') {
            let word = word.replace('_', " ");
            assert_eq!(status_of_words(&word), Some((status, reason)), "{word}");
        }
    }
}

#[test]
fn what_is_no_longer_open_is_closed_and_what_is_partly_closed_is_not() {
    use ClosedReason::{Duplicate, Refused};
    use Status::{Closed, InProgress, Open};
    for (texts, wanted) in [
        (
            "Inactive|Inactif|Inaktiv|Inactivo|Not open|No longer open|Nicht mehr offen|\
             Não está aberto|Niet actief|Nieaktywne",
            (Closed, None),
        ),
        ("Not yet open|Noch nicht offen|Not yet received|Pas encore ouverte", (Open, None)),
        (
            "Partially resolved|Partiellement traité|Teilweise erledigt|Parcialmente resuelto|\
             Parzialmente risolto|Gedeeltelijk afgehandeld|Almost done|Presque terminé|\
             Closure requested|Clôture demandée|In evasione|Em atendimento|WIP|Suspended|\
             Suspendu|En instance|Eingeplant",
            (InProgress, None),
        ),
        (
            "CLSD|Compl.|Ended|Actioned|Dealt with|Solutionné|Made safe|No fault found|\
             Nothing found",
            (Closed, None),
        ),
        (
            "Merged|Fusionné|Already reported|Déjà signalé|Bereits gemeldet|Reeds gemeld|\
             Ya reportado|Già segnalato|Já reportado|Już zgłoszone",
            (Closed, Some(Duplicate)),
        ),
        (
            "Not accepted|Non acceptée|Non accettata|No aceptada|Nicht angenommen|Nie przyjęto|\
             Niet in behandeling genomen|Not valid|Unzulässig|Spam",
            (Closed, Some(Refused)),
        ),
        ("Accepted|In behandeling genomen|Prise en charge", (InProgress, None)),
        ("Active|Reopened, not active before|Complaint open", (Open, None)),
    ] {
        for text in texts.split('|') {
            assert_eq!(status_of_words(text), Some(wanted), "{text}");
        }
    }
}

#[test]
fn what_no_list_has_is_not_guessed() {
    for word in ["", "Gelb", "3", "N1", "?", "Blue team", "Overdue"] {
        assert_eq!(status_of_words(word), None, "{word}");
    }
}

#[test]
fn an_end_that_is_due_doubtful_or_not_final_is_no_end() {
    use ClosedReason::{Cancelled, Refused};
    use Status::{Closed, InProgress, Open};
    for (texts, wanted) in [
        (
            "À fermer|À traiter|Da chiudere|A encerrar|Por cerrar|Do zamknięcia|Do realizacji|\
             Zu erledigen|Te sluiten|To be closed|To do|Da fare|À faire|To complete",
            Some((Open, None)),
        ),
        ("Nierozpatrzone|Previously closed|Anciennement fermée", Some((Open, None))),
        (
            "Closed pending review|Closed - awaiting parts|Temporarily closed|\
             Fermée temporairement|Vorläufig geschlossen|Cerrado provisionalmente|Przekazane|\
             Trasferito|Inoltrato",
            Some((InProgress, None)),
        ),
        ("closed?|Fermé ?|Erledigt?", None),
        (
            "Cannot be completed|Unable to complete|Could not be fixed|Impossible à réparer|\
             Hors compétence|Fuori competenza|Niet bevoegd|Outside jurisdiction|Nicht möglich",
            Some((Closed, Some(Refused))),
        ),
        ("Odwołane|Odwołano", Some((Closed, Some(Cancelled)))),
        (
            "Passé à terminé|Moved to completed|Closed - no longer pending|Closed, previous report",
            Some((Closed, None)),
        ),
    ] {
        for text in texts.split('|') {
            assert_eq!(status_of_words(text), wanted, "{text}");
        }
    }
    for text in ["Closed/Open", "Offen / Erledigt", "Ouvert|Fermé"] {
        assert_eq!(status_of_words(text), None, "{text}");
    }
    assert_eq!(status_of_words("Assigned/In Progress"), Some((InProgress, None)));
    assert_eq!(status_of_words("Fixed/Closed"), Some((Closed, None)));
}

#[test]
fn an_end_that_is_asked_for_refused_or_not_certain_is_no_end() {
    use ClosedReason::{Cancelled, Duplicate, Refused};
    use Status::{Closed, InProgress, Open};
    for (texts, wanted) in [
        (
            "Cancellation requested|Annulation demandée|Demande d'annulation|\
             Stornierung beantragt|Cierre solicitado|Chiusura richiesta|Cancelamento solicitado|\
             Annulering aangevraagd",
            Some((InProgress, None)),
        ),
        (
            "Clôture refusée|Closure rejected|Refus de clôture|Abschluss abgelehnt|\
             Cierre rechazado|Chiusura rifiutata|Encerramento recusado|Afsluiting geweigerd|\
             Zamknięcie odrzucone|Clôture annulée|Cancellation denied|À annuler",
            Some((Open, None)),
        ),
        (
            "Resolved: no|Closed = false|Fermé : non|Erledigt: nein|Cerrado (no)|Completed? No|\
             Chiuso: no|Concluído: não|Afgehandeld: nee|Zamknięte: nie|Resolved: N|Closed no",
            Some((Open, None)),
        ),
        ("Open: no|Ouvert : non", Some((Closed, None))),
        (
            "Doublon non confirmé|Duplicate (unconfirmed)|Possible duplicate|Doublon possible|\
             Mögliche Dublette|Closed - not verified|Dublette nicht bestätigt|Duplicate: no|\
             Posible duplicado|Mogelijk dubbel",
            None,
        ),
        ("Ã€ traiter|Ã€ fermer|Ë traiter|· traiter|FermÃ©e|Ferm‚e|Trait\u{e9}\u{80}", None),
        ("Closed - request rejected|Rejected|Refusée", Some((Closed, Some(Refused)))),
        ("Demande annulée|Request cancelled", Some((Closed, Some(Cancelled)))),
        ("Duplicate confirmed|Doublon confirmé", Some((Closed, Some(Duplicate)))),
        ("Resolved: yes|Clôturé|Closed, verified|Clôture", Some((Closed, None))),
    ] {
        for text in texts.split('|') {
            assert_eq!(status_of_words(text), wanted, "{text}");
        }
    }
}

#[test]
fn further_words_of_abated_removed_and_confirmed_requests() {
    use ClosedReason::{Duplicate, Refused};
    use Status::{Closed, InProgress, Open};
    for (words, status, reason) in [
        ("Abated In_Compliance No_Violation Gone_on_Arrival", Closed, None),
        ("Beseitigt Afgemeld Soldé Classé", Closed, None),
        ("Not_in_compliance Nicht_beseitigt Confirmed", Open, None),
        ("Rejected_-_Duplicate Confirmed_duplicate", Closed, Some(Duplicate)),
        ("En_curs", InProgress, None),
        ("Not_responsible", Closed, Some(Refused)),
    ] {
        for word in words.split(' ').map(|word| word.replace('_', " ")) {
            assert_eq!(status_of_words(&word), Some((status, reason)), "{word}");
        }
    }
}
