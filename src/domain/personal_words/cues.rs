//! Words that tell what the words beside them are, in lower case and without accents.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Declares a function that says whether a word is one of a list.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident: $list:literal) => {
        $(#[$doc])*
        pub fn $name(word: &str) -> bool {
            static SET: LazyLock<HashSet<&str>> =
                LazyLock::new(|| $list.split_ascii_whitespace().collect());
            SET.contains(word)
        }
    };
}

words! {
    /// Before a telephone number.
    is_phone:
    "tel telephone telephonez telephoner cell cel cellulaire mobile portable phone fax \
     telecopieur call calling text texto reach appel appelez appeler rappelez rappeler \
     rejoindre rejoignez joindre joignez contact contacter contactez coordonnees whatsapp sms \
     numero number"
}

words! {
    /// Before a number of the city, of a company or of a thing.
    is_other_number:
    "lot lots case ticket sr demande dossier facture invoice serie serial modele model permis \
     permit matricule cadastre compteur meter vin requete request reference ref suivi pole \
     poteau lampadaire hydrant borne"
}

words! {
    /// Before the extension of a telephone number.
    is_extension:
    "poste p ext extension x"
}

words! {
    /// Before the plate of a vehicle.
    is_plate:
    "plaque plaques immatriculation immatricule immatriculee immatricules immatriculees plate \
     plates license licence tag tags reg registration"
}

words! {
    /// A vehicle.
    is_vehicle:
    "voiture voitures vehicule vehicules vehicle vehicles auto autos char camion car cars truck \
     van suv sedan moto motorcycle remorque trailer honda toyota ford mazda nissan hyundai bmw"
}

words! {
    /// Between the cue of a plate and the plate.
    is_plate_filler:
    "d de l la le est is no n num numero number plaque plate plates immatriculation immatricule \
     immatriculee qc quebec ontario on ma ny nj ri ct nh me vt il ca the of reads with du \
     vehicule reg"
}

words! {
    /// The kind of a street or place, in front of its name or after it. The name of a person beside
    /// it is a part of that of the place.
    is_place:
    "rue rues avenue ave av boul boulevard blvd bd chemin ch place parc park ecole school pont \
     bridge cote pavillon centre center edifice station square sq street st road rd way lane \
     drive dr court cir circle terrace highway hwy parkway pkwy playground field house building \
     library church hospital plaza garden gardens memorial route rang ruelle carre terrasse \
     quai bibliotheque arena hopital cegep college eglise coin corner angle intersection \
     residence patinoire piscine sentier lac riviere ile"
}

words! {
    /// The kind of a street or place after its name, as English writes it.
    is_place_after:
    "avenue ave boulevard blvd place park school bridge center centre station square sq street st \
     road rd way lane drive dr court cir circle terrace highway hwy parkway pkwy playground field \
     house building library church hospital plaza garden gardens memorial arena college"
}

words! {
    /// Words of addresses that are written small.
    is_address_word:
    "rue avenue ave av boul boulevard blvd chemin ch cote place rang route ruelle street st \
     road rd lane ln drive dr court ct terrace square sq way de du des la le les l d est ouest \
     nord sud east west north south saint sainte ste e th nd eme er re and"
}

words! {
    /// Before the number of an apartment.
    is_apartment:
    "app apt appartement apartment unit unite suite logement bureau"
}

words! {
    /// Titles of persons that stand before a name.
    is_title:
    "mme mlle mrs ms mr miss monsieur madame mademoiselle dr dre docteur doctor officer captain \
     capitaine agent agente sgt detective"
}

words! {
    /// Verbs and nouns that a person's name may follow. Companies follow them too.
    is_contact:
    "appelez appeler rappelez rappeler contacter contactez contact contacts joindre joignez \
     rejoindre rejoignez demander demandez parler parlez communiquer communiquez aviser avisez \
     message coordonnees call ask speak talk reach notify text email signale signalee reported \
     plainte complaint signature signe signed"
}

words! {
    /// Between such a word and the name.
    is_contact_filler:
    "a au avec for to with out by par de from svp please"
}

words! {
    /// Members of a family, whose names follow.
    is_relative:
    "fille fils mari femme conjoint conjointe mere pere frere soeur daughter son husband wife \
     mother father brother sister partner"
}

words! {
    /// Words that end a message, before its signature.
    is_closing:
    "merci thanks thank cordialement regards sincerely salutations bien cheers respectueusement"
}

words! {
    /// Words between a closing word and the signature.
    is_closing_filler:
    "you d avance in advance a vous beaucoup very much so et and best bonne journee yours truly \
     distinguees for your help"
}

words! {
    /// Words written with a capital that are no name of a person.
    is_no_name:
    "a an and animal at authority bell bonjour bonne boston but building cambridge chicago \
     christmas citizen city citoyen citoyenne code comcast company con conseil council counter \
     county de department dept des dispatch district division dpw du edison electric elle \
     emergency energy english enforcement est et eversource fire for french gas general \
     gouvernement grid have he health hello help housing hydro i if il ils in inc is isd it je \
     la landlord las le les limited line ltd maire mairesse mairie management manager mayor \
     mbta merci metro miss montreal my national new no non not nous now nyc of office ok on one \
     our owner parking parks please police premier president presidente property public quebec \
     quebecois quebecoise resident rtc saaq sanitation security sep service services sewer she \
     si so societe spca stm super thank thanks that the there they this to transit transport un \
     une university urgence urgences verizon videotron ville vous water we works york you your \
     juge ministre depute deputee directeur directrice conseiller conseillere madame monsieur \
     mme mr mrs lundi mardi mercredi jeudi vendredi samedi dimanche monday tuesday wednesday \
     thursday friday saturday sunday january february march april june july august september \
     october november december canadian american canadien canadienne very still also just au \
     aux ce cette ces mon ma mes votre vos notre nos pas plus tres trop avant apres dans sur \
     pour par avec sans qui que main north south east west first second third"
}
